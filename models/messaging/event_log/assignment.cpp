#include "models/messaging/event_log/assignment.hpp"

#include <algorithm>

namespace tailrace::models::event_log {

namespace {

// Everybody keeps what is within the fair share; the rest goes to whoever has least.
std::vector<std::uint32_t> sticky(std::span<const std::uint32_t> members,
                                  std::span<const std::uint32_t> owners) {
  const std::size_t share = owners.size() / members.size();
  std::size_t larger = owners.size() % members.size();  // members that may have one more
  std::vector<std::size_t> has(members.size());
  std::vector<std::uint32_t> next(owners.size(), kNobody);
  const auto index = [&](std::uint32_t member) {
    const auto it = std::lower_bound(members.begin(), members.end(), member);
    return it != members.end() && *it == member ? static_cast<std::size_t>(it - members.begin())
                                                : members.size();
  };
  for (std::size_t p = 0; p < owners.size(); ++p) {
    const std::size_t m = index(owners[p]);
    if (m == members.size() || has[m] > share) continue;
    if (has[m] == share) {
      if (larger == 0) continue;
      --larger;
    }
    ++has[m];
    next[p] = owners[p];
  }
  std::size_t at = 0;
  for (std::size_t p = 0; p < owners.size(); ++p) {
    if (next[p] != kNobody) continue;
    while (at < members.size() && has[at] >= share) ++at;
    std::size_t to = at;
    if (to == members.size()) {  // all have their share: the rest is one each
      to = 0;
      while (has[to] > share) ++to;
    }
    ++has[to];
    next[p] = members[to];
  }
  return next;
}

}  // namespace

std::vector<std::uint32_t> assign(Subscription type, Assignment how, std::span<const std::uint32_t> members,
                                  std::span<const std::uint32_t> owners) {
  std::vector<std::uint32_t> next(owners.size(), kNobody);
  if (members.empty()) return next;
  if (type == Subscription::exclusive) {
    // Whoever has it keeps it; the others stand by.
    const bool stays = !owners.empty() && std::binary_search(members.begin(), members.end(), owners.front());
    std::fill(next.begin(), next.end(), stays ? owners.front() : members.front());
    return next;
  }
  if (type == Subscription::failover) how = Assignment::round_robin;
  switch (how) {
    case Assignment::range: {
      const std::size_t each = owners.size() / members.size(), more = owners.size() % members.size();
      std::size_t p = 0;
      for (std::size_t m = 0; m < members.size(); ++m) {
        for (std::size_t n = each + (m < more ? 1 : 0); n > 0; --n) next[p++] = members[m];
      }
      return next;
    }
    case Assignment::round_robin:
      for (std::size_t p = 0; p < owners.size(); ++p) next[p] = members[p % members.size()];
      return next;
    case Assignment::sticky:
    case Assignment::cooperative_sticky:
      return sticky(members, owners);
  }
  return next;
}

}  // namespace tailrace::models::event_log
