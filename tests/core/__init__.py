"""The pure core, promise by promise: nothing here touches the network, the disk or the clock."""
