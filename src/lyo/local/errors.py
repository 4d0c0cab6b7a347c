"""What can go wrong in the local mode."""


class LocalError(Exception):
    """The local mode cannot start or go on. The message is one sentence for a person and says what to do."""
