//! Through the router, as a caller.
