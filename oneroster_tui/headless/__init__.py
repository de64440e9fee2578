"""The face without a screen: what each command does, its log and its JSON. For cron, scripts and people in a hurry."""
