"""What of the reviewed tree belongs in the image, and where: files of a commit or a folder."""

from verify.probes.reviewed.look import labelled, reviewed
from verify.probes.reviewed.tree import Labelled, Reviewed

__all__ = ["Labelled", "Reviewed", "labelled", "reviewed"]
