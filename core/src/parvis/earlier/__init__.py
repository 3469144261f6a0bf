"""Earlier hours: who asks for one is proposed what others give back, one after the other, before the public."""
