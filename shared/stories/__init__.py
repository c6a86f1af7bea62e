"""Stories: events merged into the state of an SMS or a chat thread.

A story shows what happened, not what arrived last. The functions are pure, and the order of arrival and duplicates have
no effect on them. What the events leave open is reported as a gap, never guessed.
"""

from shared.stories.history import Step, tell_history
from shared.stories.messages import Message
from shared.stories.participants import Participant
from shared.stories.sms import Attempt, SmsStory, tell_sms
from shared.stories.thread import Transcript, tell_thread

__all__ = [
    "Attempt",
    "Message",
    "Participant",
    "SmsStory",
    "Step",
    "Transcript",
    "tell_history",
    "tell_sms",
    "tell_thread",
]
