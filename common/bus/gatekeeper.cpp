// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/gatekeeper.hpp"

#include "common/bus/held_call.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace mpapi::bus {

namespace {

// org.freedesktop.PolicyKit1.Authority(8): CheckAuthorization takes (sa{sv}) sa{ss}us.
constexpr char kPolkit[] = "org.freedesktop.PolicyKit1";
constexpr char kAuthority[] = "/org/freedesktop/PolicyKit1/Authority";
constexpr char kAuthorityInterface[] = "org.freedesktop.PolicyKit1.Authority";
constexpr std::uint32_t kAllowUserInteraction = 1;

struct Answer {
    bool authorized = false;
    bool challenge = false; // it would be, after authentication
    bool dismissed = false; // who was asked for a password did not want to
};

// (bba{ss}); negative where it is something else.
int read_answer(sd_bus_message* reply, Answer& answer) {
    int authorized = 0;
    int challenge = 0;
    int r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
    if (r > 0) r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
    if (r > 0) r = sd_bus_message_enter_container(reply, 'a', "{ss}");
    if (r <= 0) return r < 0 ? r : -EBADMSG;
    const char* key = nullptr;
    const char* value = nullptr;
    bool dismissed = false;
    while ((r = sd_bus_message_read(reply, "{ss}", &key, &value)) > 0)
        if (std::string_view(key) == "polkit.dismissed" && *value) dismissed = true;
    if (r < 0) return r;
    answer = {authorized != 0, challenge != 0, dismissed};
    return 0;
}

// What of a failure tells the caller what to do. polkit's own text is for the one whom it trusts.
std::string why_failed(const sd_bus_error* failure) {
    const std::string_view name = failure && failure->name ? failure->name : "";
    if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER)
        return "polkit is not running";
    if (name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT)
        return "polkit did not answer";
    return "polkit failed: " + std::string(name);
}

} // namespace

struct Gatekeeper::Question {
    Gatekeeper& gatekeeper;
    const char* action;
    BusMessage call;
    Then then;
    std::optional<uid_t> uid;
    std::string at_polkit; // the cancellation id, once polkit is asked
    BusSlot slot;
    Senders::Farewell farewell;

    bool interactive() const {
        return sd_bus_message_get_allow_interactive_authorization(call.get()) > 0;
    }

    Verdict yes() const { return {Ruling::Allowed, uid, ""}; }
    Verdict no(const std::string& why) const {
        return {Ruling::Denied, uid, why + " (" + action + ")."};
    }
    Verdict no_polkit(const std::string& why) const {
        return no(why + "; without it " + gatekeeper.only_the_trusted());
    }
    Verdict of(const Answer& answer) const;
};

Gatekeeper::Verdict Gatekeeper::Question::of(const Answer& answer) const {
    if (answer.authorized) return yes();
    if (answer.dismissed) return no("The authentication was dismissed");
    if (!answer.challenge) return no("polkit does not permit this");
    if (interactive())
        return no("Authentication is required, and there is no polkit agent to ask for it, as "
                  "pkttyagent is on a terminal");
    return no("Authentication is required; call again with interactive authorization allowed");
}

std::string Gatekeeper::only_the_trusted() const {
    std::string who = "only root";
    for (const uid_t uid : rules_.trusted)
        if (uid != 0) who += " and user " + std::to_string(uid);
    return who + " may do this";
}

bool Gatekeeper::trusts(uid_t uid) const {
    return uid == 0 || std::ranges::find(rules_.trusted, uid) != rules_.trusted.end();
}

Gatekeeper::Gatekeeper(sd_bus* bus, const Rules& rules)
  : bus_(bus)
  , rules_(rules) {}

Gatekeeper::~Gatekeeper() {
    for (const auto& [question, owned] : open_)
        cancel(*question);
}

void Gatekeeper::cancel(const Question& question) {
    if (question.at_polkit.empty()) return;
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_method_call(bus_, &raw, kPolkit, kAuthority, kAuthorityInterface,
                                       "CancelCheckAuthorization") < 0)
        return;
    const BusMessage message(raw);
    // A polkit that has to be started for this has no such question.
    sd_bus_message_set_auto_start(raw, false);
    sd_bus_message_set_expect_reply(raw, false);
    if (sd_bus_message_append(raw, "s", question.at_polkit.c_str()) >= 0)
        sd_bus_send(bus_, raw, nullptr);
}

Gatekeeper::Then Gatekeeper::end(Question& question) {
    if (!question.at_polkit.empty()) {
        --at_polkit_;
        const auto of_user = at_polkit_of_.find(*question.uid);
        if (--of_user->second == 0) at_polkit_of_.erase(of_user);
    }
    Then then = std::move(question.then);
    open_.erase(&question);
    return then;
}

void Gatekeeper::ask(sd_bus_message* call, Senders::Call& sender, const char* action, Then then) {
    auto owned = std::make_unique<Question>(
        Question{*this, action, hold(call), std::move(then), {}, "", {}, {}});
    Question& question = *owned;
    // Nothing is missed: the bus was told to watch the sender before it is asked for its user, and
    // does not know one that left earlier.
    question.farewell = sender.on_leaving([this, &question] {
        cancel(question);
        end(question);
    });
    // sd_bus_query_sender_creds would wait for this same answer.
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_call_method_async(
        bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixUser", user_told, &question, "s", sd_bus_message_get_sender(call));
    if (r < 0) return question.then(question.no("The bus could not be asked who calls"));
    question.slot.reset(slot);
    open_.emplace(&question, std::move(owned));
}

int Gatekeeper::user_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Gatekeeper& self = question.gatekeeper;
    std::uint32_t uid = 0;
    if (sd_bus_message_is_method_error(reply, nullptr) ||
        sd_bus_message_read(reply, "u", &uid) <= 0) {
        const Verdict verdict = question.no("The bus does not tell who calls");
        self.end(question)(verdict);
        return 0;
    }
    question.uid = uid;
    std::optional<Verdict> verdict;
    if (self.trusts(uid)) {
        verdict = question.yes();
    } else if (self.at_polkit_ >= self.rules_.questions ||
               (self.at_polkit_of_.contains(uid) &&
                self.at_polkit_of_[uid] >= self.rules_.questions_per_user)) {
        verdict = question.no("Too many questions to polkit are open; try again");
        verdict->ruling = Ruling::Busy;
    } else if (self.ask_polkit(question) < 0) {
        verdict = question.no_polkit("polkit could not be asked");
    }
    if (verdict) self.end(question)(*verdict);
    return 0;
}

int Gatekeeper::ask_polkit(Question& question) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(bus_, &raw, kPolkit, kAuthority, kAuthorityInterface,
                                           "CheckAuthorization");
    if (r < 0) return r;
    const BusMessage message(raw);
    const bool interactive = question.interactive();
    const std::string id = "question-" + std::to_string(++asked_);
    r = sd_bus_message_append(raw, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                              sd_bus_message_get_sender(question.call.get()), question.action, 2,
                              "object", sd_bus_message_get_path(question.call.get()), "method",
                              sd_bus_message_get_member(question.call.get()),
                              interactive ? kAllowUserInteraction : 0, id.c_str());
    if (r < 0) return r;
    const auto patience = interactive ? rules_.patience_with_people : rules_.patience;
    sd_bus_slot* slot = nullptr;
    r = sd_bus_call_async(bus_, &slot, raw, polkit_answered, &question,
                          static_cast<std::uint64_t>(std::chrono::microseconds(patience).count()));
    if (r < 0) return r;
    question.slot.reset(slot);
    question.at_polkit = id;
    ++at_polkit_;
    ++at_polkit_of_[*question.uid];
    return 0;
}

int Gatekeeper::polkit_answered(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Gatekeeper& self = question.gatekeeper;
    Verdict verdict;
    Answer answer;
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        // Where the time is up polkit goes on, and so does the window that asks for a password.
        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY)) self.cancel(question);
        verdict = question.no_polkit(why_failed(sd_bus_message_get_error(reply)));
    } else if (read_answer(reply, answer) < 0) {
        verdict = question.no_polkit("polkit gave an answer that is none");
    } else {
        verdict = question.of(answer);
    }
    self.end(question)(verdict);
    return 0;
}

} // namespace mpapi::bus
