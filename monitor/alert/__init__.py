"""Whom to tell, when and why (policy), how the message reads (compose, render), and how it leaves (channels).

How a step uses it: ``policy.decide`` gives one ``Owed`` per change and route; ``drafts.alert_drafts`` the messages that
they make; ``Draft.render`` each delivery (a fault there parks that one, ``Draft.parked``); ``drafts.remember`` what is
to be remembered. ``digest`` collects what waits; ``retry`` and ``calendar`` say when; ``channels.prepare`` sends.
"""
