"""What is said between clients, services and stores: frozen types, codecs, no IO."""
