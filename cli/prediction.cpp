#include "cli/prediction.hpp"

namespace tailrace::cli {

std::string print_prediction(const models::Topology&, analysis::TextStyle) { return {}; }

}  // namespace tailrace::cli
