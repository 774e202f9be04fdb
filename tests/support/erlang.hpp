#pragma once
// Erlang's formulas (1917), for a = lambda E[S] workers wanted on average. Written anew: tests do not take
// from the program's own theory (analysis/queueing) what they hold the program to.
namespace tailrace::tests {

// The share that is refused where nobody may wait: B(k) = a B(k-1) / (k + a B(k-1)).
inline double erlang_b(int workers, double a) {
  double b = 1;
  for (int k = 1; k <= workers; ++k) b = a * b / (k + a * b);
  return b;
}

// The share that waits where everybody may: C = B / (1 - (a / workers) (1 - B)).
inline double erlang_c(int workers, double a) {
  const double b = erlang_b(workers, a);
  return b / (1 - a / workers * (1 - b));
}

}  // namespace tailrace::tests
