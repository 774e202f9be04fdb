#pragma once
// Queueing networks, all of them: open, closed and mixed.
#include "analysis/queueing/closed_network.hpp"
#include "analysis/queueing/open_network.hpp"
