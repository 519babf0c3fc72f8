"""The connector to the vendor's Partner Center: service requests and notes, customers and subscriptions."""
