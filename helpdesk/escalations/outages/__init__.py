"""The vendor's incidents: which tickets they caused, what customers were told, and the credits they bring."""
