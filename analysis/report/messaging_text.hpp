#pragma once
// The messages' part of the summary that a person reads: channels with their groups, business effects that
// have anything to say, milestones. Empty where there is no messaging.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/messaging_report.hpp"

namespace tailrace::analysis {

std::string messaging_text(const MessagingReport& report, TextStyle style);

}  // namespace tailrace::analysis
