"""What people of the demo world say whatever the trouble is: several ways of each, by language."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.vocabulary import Kind

Ways = Mapping[str, tuple[str, ...]]
"""By language, several of each."""

THANKS: Mapping[Kind, Ways] = {
    Kind.TECHNICAL: {
        "en": (
            "Thank you for writing to us. I have it and am looking into it now.",
            "Thanks for the clear description. I’ll start with the logs and come back to you today.",
            "Got it. I’m on it, and you’ll hear from me as soon as I know where it comes from.",
        ),
        "hu": (
            "Köszönjük a megkeresést. Nálam van az ügy, már vizsgálom.",
            "Köszönöm a pontos leírást. A naplókkal kezdem, és még ma jelentkezem.",
            "Megkaptam, dolgozom rajta. Amint tudom, mi okozza, írok.",
        ),
    },
    Kind.BILLING: {
        "en": (
            "Thank you for writing to us. I have it and am going through your orders now.",
            "I see what you mean. I’ll compare it with our records and come back to you today.",
        ),
        "hu": (
            "Köszönjük a megkeresést. Nálam van az ügy, átnézem a rendeléseiket.",
            "Értem a kérdést. Összevetem a nyilvántartásunkkal, és még ma jelentkezem.",
        ),
    },
}
NEWS: Mapping[Kind, Ways] = {
    Kind.TECHNICAL: {
        "en": (
            "A short word: we are still on it and will write again by tomorrow noon at the latest.",
            "We have a correction ready and are trying it on one machine first.",
            "Half of it is done. The rest follows after your people have gone home.",
        ),
        "hu": (
            "Rövid hír: dolgozunk rajta, legkésőbb holnap délig újra jelentkezünk.",
            "Elkészült a javítás, először egyetlen gépen próbáljuk ki.",
            "A felével megvagyunk, a többit munkaidő után állítjuk át.",
        ),
    },
    Kind.BILLING: {
        "en": (
            "A short word: bookkeeping is checking it, and you’ll hear from us by tomorrow noon.",
            "We found the order. One confirmation is missing, and I have asked for it.",
        ),
        "hu": (
            "Rövid hír: a könyvelés ellenőrzi, legkésőbb holnap délig jelentkezünk.",
            "Megvan a rendelés. Egy visszaigazolás hiányzik, azt már megkértem.",
        ),
    },
}
AGAIN: Mapping[Kind, Ways] = {
    Kind.TECHNICAL: {
        "en": ("It is back, exactly as before.", "It worked until this morning. Now it’s the same again."),
        "hu": ("Újra jelentkezik, pontosan úgy, mint korábban.", "Ma reggelig jó volt, most megint ugyanaz."),
    },
    Kind.BILLING: {
        "en": ("Thank you, but the total still differs from ours.", "One line is still wrong: the end date."),
        "hu": ("Köszönjük, de nálunk még mindig más a végösszeg.", "Egy tétel még nem jó: a lejárat napja."),
    },
}
WITH_VENDOR: Ways = {
    "en": (
        "This one lies with Microsoft. We have opened a case for you, and you’ll hear from us, not from them.",
        "We have done what can be done from here and taken it to Microsoft. I’ll write as soon as they answer.",
    ),
    "hu": (
        "A hiba a Microsoftnál van. Megnyitottuk az esetet, a fejleményekről mi értesítjük.",
        "Ami innen megtehető, azt megtettük, az ügyet a Microsofthoz továbbítottuk. Amint válaszolnak, írok.",
    ),
}
SINCE: Ways = {
    "en": (
        "This morning, about eight",
        "Yesterday afternoon",
        "Monday",
        "Since the last update",
        "Not sure, a few days",
    ),
    "hu": ("Ma reggel nyolc óta", "Tegnap délután", "Hétfő óta", "A legutóbbi frissítés óta", "Pár napja"),
}
APPROVAL = {
    "en": "The change touches everybody, so we need a yes from your management before we make it.",
    "hu": "A változtatás mindenkit érint, ezért vezetői jóváhagyást kérünk, mielőtt elvégezzük.",
}
ASK_LEAD = " @{name}, what do you think?"
VENDOR_ASKS = (
    "Please send the correlation ids of two failed attempts, in UTC.",
    "We need a trace taken while it happens, and the time it was taken at.",
    "Which update was installed last before it began?",
)
WE_ANSWER = ("Sent as asked.", "Attached to the case. It fails at the second step.", "Uploaded to the workspace.")
VENDOR_REFUSES = "This works as designed. Please look at the customer’s own configuration first."
WHY_ANOTHER_TIER = (
    "The first engineer has no access to the platform’s logs.",
    "It goes on at night, and only this channel answers then.",
    "They pass it on within this contract only.",
)
WE_CHASE = ("Any news? Our customer’s people can’t work.", "We have had no word since yesterday. Who has the case now?")
VENDOR_ANSWERS = (
    "We have found the cause on our side and are rolling out the correction.",
    "A correction is in place in your region. Please try again and tell us.",
    "The product group confirms it. Here is what to set until the correction is out.",
)
