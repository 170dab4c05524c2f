"""The trust anchors that one user keeps: added by hand, taken from signed bundles and from trusted lists.

Reach for `kyso.stored_trust()` to verify with them, and for `kyso.truststore.folder.TrustFolder` to change them.
Everything stands in one file of the user's configuration; nothing is fetched unless `updating` is called.
"""
