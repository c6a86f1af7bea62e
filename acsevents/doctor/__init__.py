"""The examination of a sink: settings, packages, tables, and what is deployed in Azure; each finding with its cure."""
