// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our client's calls to the clusprepd at port 135 of this network namespace, which bench-clusprep
// starts: activations, small sealed calls over one connection, from 200 clients at once, and raw
// reads of 1 MiB, as alice, whose password is "secret", and with her tickets.
//
// The small call is CprepDiskVerifyUnique: clusprepd answers it from what it knows, without mpapid.
#include "bench/figure.hpp"
#include "clusprep/dcom/remote_object.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/rpc/auth/initiators.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"
#include "common/system/handle.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace mpapi;
using namespace mpapi::bench;

namespace {

using Object = std::unique_ptr<dcom::RemoteObject>;
constexpr auto kIid = csvp::ClusterStorage2::iid;
constexpr std::uint32_t kMebibyte = 1u << 20;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "bench: %s\n", what.c_str());
    std::exit(1);
}

template <typename T>
T checked(Result<T> result) {
    if (!result) fail(result.error().message());
    return std::move(*result);
}

struct Mechanism {
    rpc::AuthType type;
    const char* name;
    double activation; // ms, to stay at or below
};
constexpr Mechanism kNtlm{rpc::AuthType::Ntlm, "NTLM", 3};
constexpr Mechanism kKerberos{rpc::AuthType::Kerberos, "Kerberos", 5};

template <typename Method>
void succeeded(const dcom::RemoteObject::Answer& answer, const typename Method::In& in) {
    if (!answer.parameters)
        fail(std::string(Method::name) + ": " + answer.parameters.error().message());
    typename Method::Out asked;
    if constexpr (requires { Method::answer_to(in); }) asked = Method::answer_to(in);
    const auto out = checked(ndr::read<typename Method::Out>(*answer.parameters, {}, 0, asked));
    if (!csvp::succeeded(out.result))
        fail(std::string(Method::name) + " failed with " +
             std::to_string(static_cast<std::uint32_t>(out.result)));
}

class Node {
  public:
    Node() {
        sd_event* loop = nullptr;
        if (sd_event_new(&loop) < 0) fail("no event loop");
        loop_.reset(loop);
        rpc::InitiatorSettings settings;
        settings.ntlm = checked(rpc::NtlmCredentials::of("alice", "secret"));
        initiators_ = rpc::make_initiators(std::move(settings));
    }

    Object activate(const Mechanism& mechanism) {
        dcom::RemoteSettings settings;
        settings.host = "localhost";
        settings.type = mechanism.type;
        settings.initiators = initiators_.get();
        return checked(dcom::RemoteObject::activate_and_wait(loop_.get(), settings,
                                                             csvp::ClusterStorage2::clsid, {kIid})
                           .object);
    }

    // Ready for the first disk's methods.
    Object attached(const Mechanism& mechanism) {
        Object object = activate(mechanism);
        call<csvp::CprepPrepareNode>(*object, {});
        call<csvp::CprepPrepareNodePhase2>(*object, {});
        call<csvp::CprepDiskAttach>(*object, {kDisk});
        return object;
    }

    template <typename Method>
    static void call(dcom::RemoteObject& object, const typename Method::In& in) {
        succeeded<Method>(object.call_and_wait(kIid, Method::opnum, checked(ndr::write(in))), in);
    }

    sd_event* loop() { return loop_.get(); }

    static constexpr csvp::DiskId kDisk{csvp::DiskIdType::Number, 0, {}};

  private:
    EventLoop loop_;
    std::unique_ptr<rpc::Initiators> initiators_;
};

void activations(Node& node, const Mechanism& mechanism) {
    std::vector<double> times;
    for (int n = -10; n < 200; ++n) {
        const auto began = Clock::now();
        const Object object = node.activate(mechanism);
        node.call<csvp::CprepPrepareNode>(*object, {});
        if (n >= 0) times.push_back(milliseconds(Clock::now() - began));
        (void)checked(object->release_and_wait());
    }
    print({std::string("clusprepd: activation to first answer, ") + mechanism.name, median(times),
           "ms", mechanism.activation, "p99 " + text(percentile(times, 0.99)) + " ms"});
}

void small_calls(Node& node) {
    const Object object = node.attached(kNtlm);
    std::vector<double> runs;
    for (int run = -1; run < 5; ++run) {
        const auto began = Clock::now();
        for (int n = 0; n < 10'000; ++n)
            node.call<csvp::CprepDiskVerifyUnique>(*object, {node.kDisk});
        if (run >= 0) runs.push_back(milliseconds(Clock::now() - began) * 1000 / 10'000);
    }
    (void)checked(object->release_and_wait());
    print({"clusprepd: small call sealed by NTLM, one connection", median(runs), "us", 1e6 / 15'000,
           text(1e6 / median(runs)) + " calls/s"});
}

// MB/s to reach; a mebibyte is a little more than a megabyte.
constexpr double kReadBar = 150;

void raw_reads(Node& node, const Mechanism& mechanism) {
    const Object object = node.attached(mechanism);
    std::vector<double> times;
    for (int n = -20; n < 200; ++n) {
        const auto began = Clock::now();
        node.call<csvp::CprepDiskRawRead>(*object, {node.kDisk, 0, kMebibyte});
        if (n >= 0) times.push_back(milliseconds(Clock::now() - began) * 1000);
    }
    (void)checked(object->release_and_wait());
    print({std::string("clusprepd: RawRead of 1 MiB, sealed by ") + mechanism.name, median(times),
           "us", kMebibyte / kReadBar, text(kMebibyte / median(times)) + " MB/s"});
}

// Each client calls again as soon as it is answered.
class Crowd {
  public:
    Crowd(Node& node, std::size_t size)
      : node_(node) {
        for (std::size_t n = 0; n < size; ++n)
            objects_.push_back(node.attached(kNtlm));
    }

    void call_often(std::size_t calls) {
        calls_ = calls;
        times_.reserve(calls + objects_.size());
        for (auto& object : objects_)
            call(*object);
        while (times_.size() < calls_ || under_way_ > 0)
            if (sd_event_run(node_.loop(), UINT64_MAX) < 0) fail("the loop ended");
        for (auto& object : objects_)
            (void)checked(object->release_and_wait());
    }
    const std::vector<double>& times() const { return times_; }

  private:
    using Method = csvp::CprepDiskVerifyUnique;

    void call(dcom::RemoteObject& object) {
        const auto began = Clock::now();
        const Method::In in{Node::kDisk};
        ++under_way_;
        object.call(kIid, Method::opnum, checked(ndr::write(in)),
                    [this, &object, began, in](auto parameters, dcom::Trouble trouble) {
                        --under_way_;
                        succeeded<Method>({std::move(parameters), trouble}, in);
                        times_.push_back(milliseconds(Clock::now() - began));
                        if (times_.size() < calls_) call(object);
                    });
    }

    Node& node_;
    std::size_t calls_ = 0, under_way_ = 0;
    std::vector<Object> objects_;
    std::vector<double> times_;
};

constexpr std::size_t kProcesses = 8, kClients = 200, kCalls = 40'000;

// Clients share processes, for an event loop that is told of all of them for each call would
// measure itself. All are connected when the first one calls.
void many_clients() {
    int gate[2], results[2];
    if (::pipe(gate) != 0 || ::pipe(results) != 0) fail("no pipe");
    std::vector<pid_t> processes;
    for (std::size_t n = 0; n < kProcesses; ++n) {
        processes.push_back(::fork());
        if (processes.back() != 0) continue;
        Node node;
        Crowd crowd(node, kClients / kProcesses);
        char byte = 0;
        if (::write(results[1], &byte, 1) != 1 || ::read(gate[0], &byte, 1) != 1) fail("no gate");
        crowd.call_often(kCalls / kProcesses);
        // Pieces that a pipe takes whole (PIPE_BUF), so that those of others do not come between.
        for (const double time : crowd.times())
            if (::write(results[1], &time, sizeof time) != sizeof time) fail("no result");
        ::_exit(0);
    }
    ::close(results[1]);
    char ready[kProcesses] = {};
    for (std::size_t n = 0; n < kProcesses; ++n)
        if (::read(results[0], ready + n, 1) != 1) fail("a client ended");
    const auto began = Clock::now();
    if (::write(gate[1], ready, kProcesses) != ssize_t{kProcesses}) fail("no gate");
    std::vector<double> times;
    double time = 0;
    while (::read(results[0], &time, sizeof time) == sizeof time)
        times.push_back(time);
    const double all = milliseconds(Clock::now() - began);
    for (const pid_t process : processes)
        if (int status = 0; ::waitpid(process, &status, 0) != process || status != 0)
            fail("a client ended");
    print({"clusprepd: 200 clients at once, each calling sealed: p99 of a call",
           percentile(times, 0.99), "ms", 50,
           "median " + text(median(times)) + " ms; " +
               text(static_cast<double>(times.size()) / all * 1000) + " calls/s"});
}

} // namespace

// Of the figures those that are named, else all: activation, call, crowd, read.
int main(int argc, char** argv) {
    Node node;
    const auto wanted = [&](std::string_view name) {
        for (int n = 1; n < argc; ++n)
            if (name == argv[n]) return true;
        return argc == 1;
    };
    if (wanted("call")) small_calls(node);
    if (wanted("activation")) activations(node, kNtlm), activations(node, kKerberos);
    if (wanted("read")) raw_reads(node, kNtlm), raw_reads(node, kKerberos);
    if (wanted("crowd")) many_clients();
}
