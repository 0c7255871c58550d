% Time the e_ij simulation as an interpreted loop (MATLAB or GNU Octave).
%
%   octave-cli eij.m T tau_m tau_s t_ref repeats seed counts
%
% For each pair (o_j, o_i) of the comma-separated counts: mean of e_ij over `repeats` random pairs
% of spike trains. Prints one line per cell: o_j o_i mean cpu_seconds wall_seconds.
1;

function train = draw_train(count, T, gap)
  % Spikes at steps 0 .. T (element t + 1): round(rand * T), at least `gap` from earlier draws.
  train = false(1, T + 1);
  times = zeros(1, count);
  found = 0;
  while found < count
    t = round(rand * T);
    if all(abs(times(1:found) - t) >= gap)
      found = found + 1;
      times(found) = t;
      train(t + 1) = true;
    end
  end
end

function e = eij(pre, post, T, tau_m, tau_s, t_ref)
  % One trial: current p, membrane q, held at 0 for t_ref steps after a spike of the output.
  e = 0;
  if post(1)
    return  % a spike at step 0, and all spikes after it, are never matched
  end
  p = 0;
  q = 0;
  held = 0;
  for t = 1:T
    p = p * (1 - 1 / tau_s) + pre(t);
    q = q * (1 - 1 / tau_m) + p / tau_s;
    if held > 0
      q = 0;
      held = held - 1;
    end
    if post(t + 1)
      e = e + q;
      q = 0;
      held = t_ref;
    end
  end
end

arguments = argv();
numbers = cellfun(@str2double, arguments(1:6));
T = numbers(1);
tau_m = numbers(2);
tau_s = numbers(3);
t_ref = numbers(4);
repeats = numbers(5);
rand('twister', numbers(6));
counts = str2double(strsplit(arguments{7}, ','));

for o_j = counts
  for o_i = counts
    cpu = cputime;
    wall = tic;
    total = 0;
    for r = 1:repeats
      pre = draw_train(o_j, T, t_ref + 1);
      post = draw_train(o_i, T, t_ref + 1);
      total = total + eij(pre, post, T, tau_m, tau_s, t_ref);
    end
    printf('%d %d %.9g %.9g %.9g\n', o_j, o_i, total / repeats, cputime - cpu, toc(wall));
  end
end
