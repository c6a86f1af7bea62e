"""The function app: three Event Grid triggers, one per family of ACS events."""

import azure.functions as func

from functions import chat_thread, chat_user, sms

app = func.FunctionApp()
app.register_functions(sms.blueprint)
app.register_functions(chat_user.blueprint)
app.register_functions(chat_thread.blueprint)
