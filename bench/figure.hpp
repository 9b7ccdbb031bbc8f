// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a benchmark prints: one line of JSON for each figure, as bench/report.py reads it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::bench {

using Clock = std::chrono::steady_clock;

inline double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    std::optional<double> bar; // to stay at or below
    std::string note;
};

void print(const Figure& figure);

// The value that this part (0 to 1) of all stay at or below. Of no values: 0.
double percentile(std::vector<double> values, double part);

inline double median(std::vector<double> values) {
    return percentile(std::move(values), 0.5);
}

// Three digits, for notes.
std::string text(double value);

} // namespace mpapi::bench
