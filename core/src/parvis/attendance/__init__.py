"""Who came: arrivals, service and absences of a day, what was brought, a note; every step can be undone."""
