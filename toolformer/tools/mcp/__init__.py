"""The Model Context Protocol: tools of other people's servers, and ours for any client."""
