// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/change_calls.hpp"

#include "common/bus/held_call.hpp"
#include "common/model/names.hpp"
#include "daemon/publish/errors.hpp"
#include "daemon/publish/message_ids.hpp"
#include "daemon/publish/text.hpp"

#include <syslog.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace mpapi::publish {

namespace {

using paths::Outcome;
using paths::Refusal;
using paths::Refused;

constexpr uid_t kNobody = 65534; // whom nobody could tell

Outcome gone() {
    return Refused{Refusal::ObjectNotFound, "The object is gone."};
}

// What stays true of an object whatever happens to it meanwhile.
struct Name {
    paths::Target target;
    std::string text; // for the journal
};

Name name_of(const AnyView& any) {
    return std::visit(
        [](const auto& view) -> Name {
            using Of = std::decay_t<decltype(view)>;
            if constexpr (std::is_same_v<Of, View<model::LogicalUnit>>)
                return {{{model::ObjectType::LogicalUnit, view->id}, view->id}, view->name};
            else if constexpr (std::is_same_v<Of, View<model::Path>>)
                return {{{model::ObjectType::Path, view->id}, view.unit->unit.id},
                        view->device + " of " + view.unit->unit.name};
            else if constexpr (std::is_same_v<Of, View<model::Plugin>>)
                return {{{model::ObjectType::Plugin, view->id}, 0}, view->name};
            else if constexpr (std::is_same_v<Of, View<model::LoadBalance>>)
                return {{{model::ObjectType::LoadBalance, view->id}, 0}, view->selector};
            else
                return {};
        },
        any);
}

// The options of a call; `wait` is the one there is, of a removal.
Status read_options(sd_bus_message* call, bool may_wait,
                    std::optional<std::chrono::microseconds>& wait) {
    const Error wrong{"read the options", "", "", EINVAL};
    int r = sd_bus_message_enter_container(call, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
        const char* name = nullptr;
        if (sd_bus_message_read(call, "s", &name) < 0) return wrong;
        if (!may_wait || std::string_view(name) != "Wait")
            return Error{"There is no option", "\"" + std::string(name) + "\"",
                         may_wait ? "known is Wait (t)" : "this method has none", EINVAL};
        std::uint64_t time = 0;
        if (sd_bus_message_read(call, "v", "t", &time) < 0)
            return Error{"The option", "Wait", "is a time in microseconds (t)", EINVAL};
        constexpr std::uint64_t most = std::uint64_t{24} * 3600 * 1'000'000;
        wait = std::chrono::microseconds(std::min(time, most));
        r = sd_bus_message_exit_container(call);
    }
    if (r < 0) return wrong;
    return Done{};
}

} // namespace

struct ChangeCalls::Call {
    BusMessage message;
    bus::Senders::Call admitted;
    const ChangeMethod* method = nullptr;
    ChangeAsked change;
    std::optional<std::chrono::microseconds> wait;
    Name object;
    std::string path;
    uid_t user = 0;
};

void ChangeCalls::take(sd_bus_message* message, bus::Senders::Call admitted,
                       const ChangeMethod& method, const AnyView& object) {
    auto call = std::make_shared<Call>(Call{bus::hold(message),
                                            std::move(admitted),
                                            &method,
                                            {},
                                            {},
                                            name_of(object),
                                            sd_bus_message_get_path(message),
                                            0});
    if (method.read(message, call->change) < 0)
        return error::reply(message, error::kInvalidParameter, "The arguments cannot be read.");
    const bool may_wait = std::holds_alternative<Remove>(call->change);
    if (auto read = read_options(message, may_wait, call->wait); !read)
        return error::reply(message, error::kInvalidParameter, read.error().message() + ".");
    gatekeeper_.ask(message, call->admitted, method.action,
                    [this, alive = alive_, call](const bus::Gatekeeper::Verdict& verdict) {
                        if (!*alive) return;
                        if (!verdict.allowed())
                            return error::reply(call->message.get(),
                                                error::name_for(verdict.ruling), verdict.reason);
                        call->user = verdict.uid.value_or(kNobody);
                        allowed(call);
                    });
}

// The answer may have taken minutes: whatever is looked up is looked up now.
void ChangeCalls::allowed(const std::shared_ptr<Call>& call) {
    std::visit(
        [&](const auto& change) {
            using Kind = std::decay_t<decltype(change)>;
            if constexpr (std::is_same_v<Kind, paths::Request>)
                request(call, change);
            else if constexpr (std::is_same_v<Kind, OverrideWith>)
                override_with(call, change);
            else if constexpr (std::is_same_v<Kind, SetAccess>)
                set_access(call, change);
            else
                remove(call);
        },
        ChangeAsked(call->change));
}

void ChangeCalls::request(const std::shared_ptr<Call>& call, paths::Request request) {
    changer_.request(call->object.target, std::move(request),
                     [this, alive = alive_, call](const Outcome& outcome) {
                         if (*alive) end(call, outcome);
                     });
}

void ChangeCalls::override_with(const std::shared_ptr<Call>& call, const OverrideWith& wanted) {
    const model::SnapshotPtr now = current_();
    const AnyView found = index_.find(*now, wanted.path);
    const auto* path = std::get_if<View<model::Path>>(&found);
    if (!path) return end(call, Refused{Refusal::InvalidParameter, wanted.path + " is no path."});
    request(call, paths::SetOverridePath{path->value->id});
}

void ChangeCalls::set_access(const std::shared_ptr<Call>& call, const SetAccess& wanted) {
    const model::SnapshotPtr now = current_();
    const model::Sequence unit = call->object.target.unit;
    if (!now->units.find(unit)) return end(call, gone());
    if (wanted.states.empty())
        return end(call, Refused{Refusal::InvalidParameter, "No target port group is named."});
    std::vector<paths::GroupState> pairs;
    for (const auto& [path, word] : wanted.states) {
        const AnyView found = index_.find(*now, path);
        const auto* group = std::get_if<View<model::TargetPortGroup>>(&found);
        if (!group || group->unit->unit.id != unit)
            return end(call, Refused{Refusal::InvalidParameter,
                                     path + " is no target port group of this logical unit."});
        const auto state = model::from_name<model::AccessState>(word);
        if (!state)
            return end(call,
                       Refused{Refusal::InvalidParameter, "\"" + word + "\" is no access state."});
        const bool twice = std::any_of(pairs.begin(), pairs.end(), [&](const auto& each) {
            return each.first == group->value->id;
        });
        if (twice) return end(call, Refused{Refusal::InvalidParameter, path + " is named twice."});
        pairs.emplace_back(group->value->id, *state);
    }
    changer_.set_access_states(unit, std::move(pairs),
                               [this, alive = alive_, call](const Outcome& outcome) {
                                   if (*alive) end(call, outcome);
                               });
}

void ChangeCalls::remove(const std::shared_ptr<Call>& call) {
    const auto job = changer_.remove(call->object.target.unit, call->user,
                                     call->wait.value_or(std::chrono::microseconds(0)));
    if (const auto* why = std::get_if<Refused>(&job)) return end(call, *why);
    const std::string& path = std::get<std::string>(job);
    record(*call, "begun as " + path);
    sd_bus_reply_method_return(call->message.get(), "o", path.c_str());
}

void ChangeCalls::end(const std::shared_ptr<Call>& call, const Outcome& outcome) {
    const Refused* why = paths::refused(outcome);
    record(*call, why ? std::string(error::name_for(why->why)) + ": " + why->text : "done");
    if (why)
        error::reply(call->message.get(), error::name_for(why->why), why->text);
    else
        sd_bus_reply_method_return(call->message.get(), "");
}

void ChangeCalls::record(const Call& call, const std::string& result) const {
    const char* sender = sd_bus_message_get_sender(call.message.get());
    const std::string bus_name = sender ? sender : "-";
    const std::string user = std::to_string(call.user);
    std::string scratch;
    const std::string text("User " + user + " (" + bus_name + ") asked for " + call.method->name +
                           " of " + call.object.text + ": " + result);
    sink_({"MESSAGE=" + std::string(presentable(text, scratch)),
           std::string("MESSAGE_ID=") + message_id::kChange,
           "PRIORITY=" + std::to_string(LOG_NOTICE), "MPAPI_USER=" + user,
           "MPAPI_SENDER=" + bus_name, std::string("MPAPI_METHOD=") + call.method->name,
           "MPAPI_OBJECT=" + call.path, "MPAPI_RESULT=" + result});
}

} // namespace mpapi::publish
