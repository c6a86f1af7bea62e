"""The impure edge: where rows are written and read."""

import logging

# At INFO the SDKs print every URL, and with it keys: phone numbers and user ids. Nothing of them is imported before.
logging.getLogger("azure").setLevel(logging.WARNING)
