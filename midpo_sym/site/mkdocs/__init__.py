"""Where the website meets MkDocs: the plugin, builds, and what a server keeps."""
