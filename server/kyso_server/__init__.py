"""What listens: the CSC signing API, documents, the CA's public services."""
