"""People who sign in: users, teams, roles and what each role may do."""
