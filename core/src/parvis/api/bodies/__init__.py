"""What the API takes and gives, each field with its unit and an example: OpenAPI is made from these.

Instants are ISO 8601 in UTC; dates, weekdays and halves of a day are those of the place.
"""
