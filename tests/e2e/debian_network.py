#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian on NAT: addresses by DHCP and router advertisements, 100 MB over HTTP from the host, to the host and in through a port
forward, over IPv4 and IPv6, which ports the guest listens on, and names from the host's own server. Argument: the folder of
debian_boot.py."""
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
import private_network
import vitrine
from debian_guest import SavedDebian
from vitrine import expect

SIZE = 100_000_000
HOST = "10.0.2.2"
HOST6 = "fd6e:91a7:3c52::2"
DNS6 = "fd6e:91a7:3c52::3"
A, AAAA = 1, 28
NAME, ADDRESS, ADDRESS6 = "answer.vitrine.test", "192.0.2.42", "2001:db8::42"


def timed(what, function):
    started = time.monotonic()
    result = function()
    print(f"{what}: {time.monotonic() - started:.1f} s")
    return result


def check_addresses(guest):
    # The router's advertisement is asked for once the link-local address is known to be nobody else's, which may be after the start.
    guest.run("for i in $(seq 60); do ip -6 address show dev eth0 | grep -q 'scope global' && break; sleep 1; done")
    said = guest.run("ip -brief address show dev eth0; ip route; cat /run/systemd/netif/leases/*")
    for wish in ("10.0.2.15/24", f"default via {HOST}", "DNS=10.0.2.3", "fd6e:91a7:3c52:"):
        expect(wish in said, f"no {wish} in:\n{said}")


def check_transfers(guest, content):
    """Both ways, and both families; the guest keeps what it got and serves it."""
    wanted = hashlib.md5(content).hexdigest()
    server = private_network.HttpServer(content)
    got = timed("from the host", lambda: guest.run(
        f"cd /dev/shm && curl -sS -o data http://{HOST}:{server.port}/ && md5sum <data", timeout=300))
    expect(wanted in got, "the guest got something else")
    timed("to the host", lambda: guest.run(f"cd /dev/shm && curl -sS -T data http://{HOST}:{server.port}/data", timeout=300))
    expect(server.taken.wait(10) and server.taken_sum == wanted, "the host got something else")
    got = timed("from the host, IPv6", lambda: guest.run(
        f"curl -sS http://[{HOST6}]:{server.port}/ | md5sum", timeout=300))
    expect(wanted in got, "the guest got something else over IPv6")


def listening(guest):
    """What the guest is told to listen on; None while a busy guest has not answered in time."""
    said = subprocess.run([vitrine.program(), "ctl", guest.name, "ports"], capture_output=True, text=True, timeout=60, check=False)
    expect(said.returncode == 0 or "does not answer" in said.stderr, f"ctl ports: {said.stderr}")
    return said.stdout.splitlines() if said.returncode == 0 else None


def wait_for_ports(guest, condition, wish):
    end = time.monotonic() + 120
    ports = None
    while time.monotonic() < end:
        ports = listening(guest)
        if ports is not None and condition(ports):
            return
        time.sleep(0.5)
    expect(False, f"{wish}: {ports}")


def check_ports(guest):
    """Asked of the guest itself: no more than what it listens on now, and its server sees nobody."""
    guest.run("""cd /dev/shm
        busybox httpd -f -v -p 80 2>httpd.log & echo $! >httpd.pid
        busybox httpd -f -p 127.0.0.1:6379 & echo $! >>httpd.pid""")
    wait_for_ports(guest, lambda ports: "10.0.2.15:80 http" in ports, "port 80 is not told")
    ports = [line.split()[0] for line in listening(guest) or []]
    expect("10.0.2.15:443" not in ports and "10.0.2.15:6379" not in ports, f"nobody listens there: {ports}")
    expect(guest.json("ports", "nic0")["ok"], "not told as JSON")
    said = guest.run("ss -Htn state established state syn-recv sport = :80; cat /dev/shm/httpd.log")
    expect(not said.strip(), f"the server saw somebody:\n{said}")
    guest.run("kill $(cat /dev/shm/httpd.pid)")
    wait_for_ports(guest, lambda ports: "10.0.2.15:80 http" not in ports, "port 80 is told without its server")


def check_forward(guest, content):
    guest.run("busybox httpd -p 80 -h /dev/shm")
    rule = guest.ctl("forward", "nic0", "0:80").strip()
    expect(guest.ctl("forwards", "nic0").strip() == rule, "the forward is not listed")
    port = int(re.search(r":(\d+)-", rule).group(1))
    with_proxy_off = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://127.0.0.1:{port}/data"
    got = timed(f"in through {rule}", lambda: with_proxy_off.open(url, timeout=300).read())
    expect(got == content, "what the guest serves arrives as something else")
    guest.ctl("unforward", "nic0", rule)
    try:
        with_proxy_off.open(url, timeout=10).read(1)
        expect(False, "the forward was removed and goes on")
    except OSError:
        pass


def check_names(guest):
    dns = private_network.DnsServer({NAME: {A: ADDRESS, AAAA: ADDRESS6}})
    said = guest.run(f"getent ahostsv4 {NAME}; getent ahostsv6 {NAME}")
    expect(ADDRESS in said and ADDRESS6 in said, f"the name means something else:\n{said}")
    expect({(NAME, A), (NAME, AAAA)} <= set(dns.asked), "the host's server was not asked")
    guest.run("getent hosts missing.vitrine.test", status=2)
    dns.asked.clear()
    said = guest.run(f"echo nameserver {DNS6} >/etc/resolv.conf && getent ahostsv4 {NAME}")
    expect(ADDRESS in said and dns.asked, f"the server's IPv6 address does not answer:\n{said}")


def case(home):
    content = os.urandom(SIZE)
    with SavedDebian(home, sys.argv[1]) as guest:
        check_addresses(guest)
        check_names(guest)
        check_ports(guest)
        check_transfers(guest, content)
        check_forward(guest, content)
        guest.quit()


with tempfile.TemporaryDirectory(prefix="vitrine-e2e-") as resolver:
    private_network.enter(resolver)
vitrine.main(case, needs=("ip",))
