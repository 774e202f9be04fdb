#pragma once
// A prediction for people: alone (before a run) and beside what a simulation measured.
#include <limits>
#include <string>
#include <vector>

#include "analysis/prediction/predict.hpp"

namespace tailrace::analysis {

// One measured figure, to be set beside the predicted one of the same name and quantity.
struct Measured {
  enum class What { utilization, core_utilization, wait_mean, station_response, throughput, response };
  std::string name;  // of the station or workload
  What what = What::utilization;
  double estimate = 0;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool known = false;  // [low, high] is a confidence interval
};

// `unicode` false keeps to ASCII. Lines of at most about 110 columns unless names are long.
std::string prediction_text(const Prediction& prediction, bool unicode);
std::string beside_text(const Prediction& prediction, const std::vector<Measured>& measured,
                        bool unicode = true);

// "12.5 ms": three or four digits and a fitting unit; infinity is "unbounded".
std::string time_text(double seconds, bool unicode = true);

}  // namespace tailrace::analysis
