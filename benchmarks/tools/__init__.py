"""What the tools that come with the package do on real data."""
