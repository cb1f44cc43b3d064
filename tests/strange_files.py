"""What may lie in a folder beside ordinary files: links of all kinds, and pipes."""

import os

STRANGE = ("link", "hard link", "folder", "dangling", "loop", "pipe", "pair")


def make_strange(kind, path, outside):
    """Put something into a project that is no file of it."""
    secret = outside / "secret.txt"
    secret.write_text("secret")
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "hard link":
        path.hardlink_to(secret)
    elif kind == "folder":
        path.symlink_to(outside)
    elif kind == "dangling":
        path.symlink_to(path.with_name("nothing"))
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(outside / f"pair-{path.parent.name}")
        (outside / f"pair-{path.parent.name}").symlink_to(path)
