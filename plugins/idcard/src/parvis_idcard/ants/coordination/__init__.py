"""Against double bookings: application numbers are checked and deposits declared at the national coordination service.

What a booking or a later change needs there is a row, brought in line with the service until the two agree.
"""
