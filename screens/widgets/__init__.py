"""The furniture: what two screens share."""
