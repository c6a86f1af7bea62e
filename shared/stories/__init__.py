"""Stories: events folded into what people ask. What became of this SMS? What was said in this thread?

A story says what happened, not what arrived last: the folds are pure, and blind to the order of arrival and to
duplicates. What the records leave open is named as a gap, never guessed.
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
