"""Remote: a server is worked with from another machine, over its API and with a key."""
