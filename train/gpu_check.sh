#!/usr/bin/env bash
# Measures what a GPU does for training and scoring, and checks that it scores as the CPU does.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: train/gpu_check.sh [--device cuda|cpu] [--quick] [--out FILE] [--minutes N]

Shows Markdown tables and writes them to FILE: the card, how near its scores come to the CPU's, steps of
training by net and precision, loaders, torch.compile. What is not reached in time is a row that says so.

  --device cuda|cpu   where to measure; cuda if left out
  --quick             tiny sizes, within a minute: shows that the check works, and nothing of speed
  --out FILE          gpu_check.md if left out
  --minutes N         10 if left out, with --quick 1; installing what is missing counts as well

It uses .venv of this checkout if that is there, else the packages of python3, and installs what these lack
into build/gpu-check. Exit codes: 0, 1 scores differ by more than 1e-4 or none
were compared, 2 bad option, 3 no GPU, 4 packages are missing.
TEXT
}

fail() { # CODE MESSAGE
    echo "gpu_check: $2" >&2
    exit "$1"
}

device=cuda quick=() out=gpu_check.md minutes=
while (($#)); do
    case $1 in
        --device | --out | --minutes) (($# > 1)) || fail 2 "$1 needs a value" ;;
    esac
    case $1 in
        --device) device=$2 && shift 2 ;;
        --out) out=$2 && shift 2 ;;
        --minutes) minutes=$2 && shift 2 ;;
        --quick) quick=(--quick) && shift ;;
        --help | -h) usage && exit ;;
        *) fail 2 "there is no option $1; see --help" ;;
    esac
done
[[ $device == cuda || $device == cpu ]] || fail 2 "--device is cuda or cpu, not $device"
minutes=${minutes:-$((${#quick[@]} ? 1 : 10))}
[[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] || fail 2 "--minutes is a whole number from 1 to 9999, not $minutes"
[[ -d $(dirname -- "$out") && ! -d $out ]] || fail 2 "--out: $out cannot be written; name a file in a folder that exists"
until=$(($(date +%s) + 60 * minutes))
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PYTHONPATH=$root/src:$root/train:$root/tests/bench

find_missing() { # prints the first package that cannot be imported, or nothing
    "$python" - <<'PY'
try:
    import bench_gpu
except ImportError as error:
    print(error.name or error)
PY
}

python=$root/.venv/bin/python
if [[ ! -x $python ]]; then
    python=$(command -v python3) || fail 4 "there is no python3"
    version=$("$python" -c 'import importlib.metadata as m; print(m.version("torch"))' 2>/dev/null) ||
        fail 4 "python3 has no torch; install one for this machine's GPU first: https://pytorch.org"
    missing=$(find_missing)
    if [[ $missing ]]; then
        echo "gpu_check: $missing is missing; installing into $root/build/gpu-check" >&2
        "$python" -m venv --system-site-packages "$root/build/gpu-check" ||
            fail 4 "python3 cannot make an environment (on Debian: apt-get install python3-venv)"
        # Where python3 is of an environment itself, its packages are not the system's.
        "$python" -c 'import sys; print(*(p for p in sys.path if p.endswith("-packages")), sep="\n")' \
            >"$root/build/machine.pth"
        for folder in "$root"/build/gpu-check/lib/python*/site-packages; do
            mv "$root/build/machine.pth" "$folder/machine.pth"
        done
        python=$root/build/gpu-check/bin/python
        # Another torch than the machine's might not fit its driver.
        echo "torch==$version" >"$root/build/gpu-check/constraints.txt"
        timeout "$((until - $(date +%s)))" "$python" -m pip install --quiet \
            --constraint "$root/build/gpu-check/constraints.txt" "${root}[train]" ||
            fail 4 "$missing could not be installed beside torch $version. Without a network, install what
pyproject.toml lists under [train] from files; with one, see whether it takes this torch."
    fi
fi
missing=$(find_missing)
[[ -z $missing ]] || fail 4 "$missing is missing in $python; try: $python -m pip install '${root}[train]'"
if [[ $device == cuda ]]; then
    "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
        fail 3 "torch finds no CUDA GPU on this machine; --device cpu --quick tries the check without one"
fi
exec "$python" "$root/tests/bench/bench_gpu.py" \
    --device "$device" "${quick[@]}" --out "$out" --until "$until"
