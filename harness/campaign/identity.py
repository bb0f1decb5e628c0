"""The name of a finding's folder. What makes two findings the same one is said by the rig's `identity` alone."""
import hashlib
import re


def name_of(verdict: dict) -> str:
    word = verdict.get("rule") or verdict["verdict"]
    return f"{re.sub(r'[^A-Za-z0-9-]', '-', word)}-{hashlib.sha256(verdict['identity'].encode()).hexdigest()[:10]}"
