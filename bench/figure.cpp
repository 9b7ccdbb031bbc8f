// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bench/figure.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace mpapi::bench {

void print(const Figure& figure) {
    nlohmann::ordered_json line{
        {"figure", figure.name}, {"value", std::stod(text(figure.value))}, {"unit", figure.unit}};
    if (figure.bar) line["bar"] = *figure.bar;
    if (!figure.note.empty()) line["note"] = figure.note;
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double rank = std::ceil(part * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

std::string text(double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, std::abs(value) >= 100 ? "%.0f" : "%.3g", value);
    return digits;
}

} // namespace mpapi::bench
