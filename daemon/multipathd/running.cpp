// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/running.hpp"

#include "common/system/turn.hpp"
#include "daemon/multipathd/manager_in_force.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::multipathd {

paths::Refused refused_by(const Error& error) {
    switch (error.errnum) {
    case ESHUTDOWN:
        return {paths::Refusal::TryAgain, "It cannot be changed now: " + error.reason + "."};
    case ETIMEDOUT:
    case EAGAIN:
        return {paths::Refusal::TimedOut, "Could not " + error.message() + "."};
    default:
        return {paths::Refusal::Failed, "Could not " + error.message() + "."};
    }
}

RunningMultipathd::RunningMultipathd(sd_event* loop, sd_bus* bus, const std::string& unit,
                                     Client::Options options, std::function<void()> told)
  : loop_(loop)
  , name_(unit)
  , options_(std::move(options))
  , told_(std::move(told))
  , unit_(
        bus,
        [this](const UnitStatus& status) {
            if (!status.runs()) drop_all();
            told_();
        },
        unit) {
    unit_.set_stirred([this] { told_(); });
    sd_event_source* source = nullptr;
    if (add_turns(loop_, &source, on_turn, this) >= 0) turn_.reset(source);
}

std::string RunningMultipathd::state() const {
    return describe(unit_.status(), name_);
}

void RunningMultipathd::ask(std::string command, std::chrono::milliseconds limit,
                            Client::Answer answer) {
    questions_.push_back({std::move(command), limit, std::move(answer), false});
    take_turn(turn_.get());
}

void RunningMultipathd::confirm(std::function<void()> then) {
    ask("", std::chrono::milliseconds(0),
        [then = std::move(then)](const Result<std::string>&) { then(); });
}

int RunningMultipathd::on_turn(sd_event_source*, std::uint64_t, void* self) {
    static_cast<RunningMultipathd*>(self)->next();
    return 0;
}

void RunningMultipathd::next() {
    if (asking_ || questions_.empty()) return;
    asking_ = true;
    if (questions_.front().command.empty()) {
        unit_.confirm([this] {
            if (asking_) take(std::string());
        });
        return;
    }
    if (!runs() || questions_.front().dropped) {
        take(Error{"ask multipathd", "\"" + questions_.front().command + "\"",
                   runs() ? name_ + " was started anew" : state(), ESHUTDOWN});
        return;
    }
    unit_.confirm([this] {
        if (!asking_ || !runs()) return; // it stopped: answered from the loop
        if (!client_) client_ = std::make_unique<Client>(loop_, options_);
        client_->request(questions_.front().command, questions_.front().limit,
                         [this](Result<std::string> reply) { take(std::move(reply)); });
    });
}

// The last thing that its callers do: the answer may ask again.
void RunningMultipathd::take(Result<std::string> reply) {
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    asking_ = false;
    if (!questions_.empty()) take_turn(turn_.get());
    question.answer(std::move(reply));
}

void RunningMultipathd::drop_all() {
    client_.reset(); // what waits in it must not reach the socket
    asking_ = false;
    for (Question& question : questions_)
        question.dropped = true; // what may have been done is not done again by its successor
    if (!questions_.empty()) take_turn(turn_.get());
}

} // namespace mpapi::multipathd
