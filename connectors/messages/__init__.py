"""Messages to people, and the ping that says that all is well: mail, webhooks, and what Apprise reaches."""
