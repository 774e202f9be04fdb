#pragma once
// Conditions on a run, as lessons write them (viewer/model/lesson.hpp): read once, judged on any run.
#include <optional>
#include <string>
#include <vector>

#include "viewer/model/session.hpp"

namespace tailrace::viewer {

struct Condition {
  struct Part {
    enum class Kind : unsigned char { figure, verdict, first_hit, recovery } kind = Kind::figure;
    std::string metric;          // of a figure
    std::string of, to;          // a workload or node; with `to` a call
    std::string word;            // verdict, first hit
    bool less = false;           // < instead of >
    double value = 0;            // seconds, per second, a share or a number
    double t0_s = 0, t1_s = -1;  // -1: to the end
  };
  std::vector<Part> parts;  // all must hold
};

std::optional<Condition> parse_condition(const std::string& text, std::string& wrong);
// None where the run is not that far, or names something that is not there.
std::optional<bool> judge(const Condition& condition, const SessionView& view);

}  // namespace tailrace::viewer
