// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The threads that may wait on devices, so that nothing else ever does.
//
// Work is grouped by SCSI host. A host holds at most `per_host` workers at a time, so one dead HBA
// cannot eat the pool. Each command has a limit; a worker whose command passes it is written off:
// whoever submitted the work is told, the worker is counted as stuck, and another is started in its
// place, up to `replacements` in all. A host with `per_host` stuck workers, or a pool with no
// worker left, refuses further work at once instead of letting it queue: the answer "unknown" is
// prompt. When a stuck worker comes back its late result is thrown away and it goes on working.
//
// Everything is called on the loop's thread, except Job::run().
#pragma once

#include "daemon/config.hpp"
#include "daemon/inventory/source.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

struct sd_event;

namespace mpapi::daemon {

// Told by the work about itself, from its worker's thread.
class Progress {
  public:
    virtual void begin(const char* command, std::chrono::milliseconds limit) = 0;

  protected:
    ~Progress() = default;
};

// Why there will be no answer.
struct Stall {
    std::string command;                         // empty when no command was sent
    std::string reason;                          // "no answer after 5 s"
    std::chrono::system_clock::time_point since; // when the command was sent
};

// A piece of work that waits on a device. run() is on a worker, everything else on the loop. When
// the work is written off, stalled() is called while run() has not come back: what both touch must
// not change then.
class Job {
  public:
    explicit Job(std::uint32_t scsi_host)
      : host(scsi_host) {}
    virtual ~Job() = default;

    // A step that may block must follow a call of Progress::begin().
    virtual void run(Progress& progress) = 0;
    virtual void done() = 0;
    // Instead of done(). Never called from within submit().
    virtual void stalled(const Stall& stall) = 0;
    // After stalled(): the worker came back, or none had been used.
    virtual void returned() {}

    const std::uint32_t host;
};

class Workers {
  public:
    static Result<std::unique_ptr<Workers>> create(sd_event* loop, const Config::Commands& limits);

    ~Workers();

    void submit(std::shared_ptr<Job> job);

    // Takes no more work and waits that long for workers that are not stuck. Returns how many are
    // left behind in the kernel: as long as there are any, what their jobs refer to must live.
    unsigned close(std::chrono::milliseconds patience);

    WorkCounters counters() const;

  private:
    class Pool;
    explicit Workers(std::unique_ptr<Pool> pool);
    std::unique_ptr<Pool> pool_;
};

} // namespace mpapi::daemon
