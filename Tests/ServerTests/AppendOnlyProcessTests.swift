import Foundation
import Testing

/// The append-only file of a real server: files, children, signals, the start.
@Suite(.serialized) struct AppendOnlyProcessTests {
    private let folder = "appendonlydir"

    /// Starts a server on the files that another has left, changed by `change`, which gets the directory.
    private func successor(
        of server: ServerProcess, _ options: [String] = ["--appendonly", "yes"], waits: Bool = true, change: (String) throws -> Void = { _ in }
    ) throws -> ServerProcess {
        try ServerProcess(["--save", ""] + options, waits: waits) { directory in
            try FileManager.default.copyItem(atPath: server.directory + "/" + folder, toPath: directory + "/" + folder)
            try change(directory)
        }
    }

    private func end(_ server: ServerProcess) {
        server.signal(SIGKILL)
        #expect(server.exits())
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    private func append(_ text: String, _ path: String) throws {
        try (try bytes(path) + Data(text.utf8)).write(to: URL(fileURLWithPath: path))
    }

    private var increment: String { "/\(folder)/appendonly.aof.1.incr.aof" }

    /// What was acknowledged is there after the process was killed, whatever it was doing.
    @Test(arguments: ["always", "everysec", "no"])
    func acknowledgedWritesSurviveAKill(policy: String) throws {
        let server = try ServerProcess(["--save", "", "--appendonly", "yes", "--appendfsync", policy])
        let wire = try #require(server.connect())
        for number in 1...300 {
            #expect(wire.ask("INCR counter") == ":\(number)\r\n")
            if number == 100 { #expect(wire.ask("BGREWRITEAOF") == "+Background append only file rewriting started\r\n") }
        }
        end(server)
        let next = try successor(of: server)
        #expect(next.ask("GET counter") == "$3\r\n300\r\n")
        #expect(next.log.contains("DB loaded from append only file"))
        #expect(next.ask("INCR counter") == ":301\r\n")
        end(next)
        #expect(try successor(of: next).ask("GET counter") == "$3\r\n301\r\n")
    }

    /// While many write at once and none waits for another.
    @Test func killAmongManyWriters() throws {
        let server = try ServerProcess(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        let wires = (0..<8).compactMap { _ in server.connect() }
        var acknowledged = [Int](repeating: 0, count: wires.count)
        for number in 1...40 {
            for (index, wire) in wires.enumerated() { wire.send("SET writer:\(index) \(number)") }
            // The last round is sent and not waited for.
            if number == 40 { break }
            for (index, wire) in wires.enumerated() where wire.read() == "+OK\r\n" { acknowledged[index] = number }
        }
        end(server)
        #expect(acknowledged.allSatisfy { $0 == 39 })
        let next = try successor(of: server)
        for index in wires.indices {
            let reply = next.ask("GET writer:\(index)")
            #expect(reply == "$2\r\n39\r\n" || reply == "$2\r\n40\r\n")
        }
    }

    @Test func switchedOnAtRunTime() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("DEBUG POPULATE 1000") == "+OK\r\n")
        #expect(server.ask("CONFIG SET appendonly yes") == "+OK\r\n")
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.waits { $0.ask("INFO persistence")?.contains("aof_rewrites:1") == true })
        #expect(server.ask("SET l v") == "+OK\r\n")
        end(server)
        let next = try successor(of: server)
        #expect(next.ask("DBSIZE") == ":1002\r\n")
        #expect(next.ask("CONFIG SET appendonly no") == "+OK\r\n")
        #expect(next.ask("SET m v") == "+OK\r\n")
        end(next)
        #expect(try successor(of: next).ask("DBSIZE") == ":1002\r\n")
    }

    private func files(_ server: ServerProcess) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: server.directory + "/" + folder).sorted()
    }

    /// The files of an earlier life go, and numbers go on, where a server gets its append-only file later; as Redis 7.0.15.
    @Test func earlierFilesAreReplaced() throws {
        let names = { (base: Int, increment: Int?) in
            ["appendonly.aof.\(base).base.rdb"] + (increment.map { ["appendonly.aof.\($0).incr.aof"] } ?? []) + ["appendonly.aof.manifest"]
        }
        let earlier = try filled()
        let server = try successor(of: earlier, ["--appendonly", "no"])
        #expect(server.ask("SET l w") == "+OK\r\n")
        #expect(try files(server) == names(1, 1))
        #expect(server.ask("BGREWRITEAOF") == "+Background append only file rewriting started\r\n")
        #expect(server.waits { (try? files($0)) == names(2, nil) })
        #expect(server.ask("CONFIG SET appendonly yes") == "+OK\r\n")
        #expect(server.waits { (try? files($0).sorted()) == names(3, 2).sorted() })
        #expect(server.ask("SET m x") == "+OK\r\n")
        #expect(server.ask("WAITAOF 1 0 0") == "*2\r\n:1\r\n:0\r\n")
        end(server)
        let next = try successor(of: server)
        #expect(next.ask("MGET k l m") == "*3\r\n$-1\r\n$1\r\nw\r\n$1\r\nx\r\n")
        let damaged = try successor(of: server, ["--appendonly", "no"], waits: false) {
            try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: $0 + "/\(folder)/appendonly.aof.manifest"))
        }
        #expect(damaged.exits() && damaged.status == 1)
        #expect(damaged.log.contains("Invalid AOF manifest file format"))
    }

    /// What integration/aof-race of Redis's suite means to test: nothing is written twice where rewrites and writers meet.
    @Test(arguments: ["yes", "no"])
    func rewritesAmongManyWriters(usesSnapshots: String) throws {
        let server = try ServerProcess(["--save", "", "--appendonly", "yes", "--aof-use-rdb-preamble", usesSnapshots])
        let wires = (0..<20).compactMap { _ in server.connect() }
        for round in 0..<200 {
            for wire in wires { wire.send("INCR foo") }
            if round % 60 == 20 { #expect(server.ask("BGREWRITEAOF")?.hasPrefix("+Background append only file rewriting") == true) }
            for wire in wires { #expect(wire.read().hasPrefix(":")) }
            if round % 60 == 50 { #expect(server.waits { $0.ask("INFO persistence")?.contains("aof_rewrite_in_progress:0") == true }) }
        }
        #expect(server.ask("INFO persistence")?.contains("aof_rewrites:3") == true)
        #expect(server.ask("GET foo") == "$4\r\n4000\r\n")
        server.signal(SIGTERM)
        #expect(server.exits() && server.status == 0)
        #expect(try successor(of: server).ask("GET foo") == "$4\r\n4000\r\n")
    }

    /// Before Redis 7 there was one file, in the server's directory.
    @Test func oldFileIsTakenOver() throws {
        let old = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
        let server = try ServerProcess(["--save", "", "--appendonly", "yes"]) { directory in
            try Data(old.utf8).write(to: URL(fileURLWithPath: directory + "/appendonly.aof"))
        }
        #expect(server.ask("GET k") == "$1\r\nv\r\n")
        #expect(server.log.contains("Successfully migrated an old-style AOF"))
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/appendonly.aof"))
        #expect(server.ask("SET l w") == "+OK\r\n")
        end(server)
        let next = try successor(of: server)
        #expect(next.ask("MGET k l") == "*2\r\n$1\r\nv\r\n$1\r\nw\r\n")
    }

    private func filled() throws -> ServerProcess {
        let server = try ServerProcess(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        #expect(server.ask("SET k v") == "+OK\r\n")
        end(server)
        return server
    }

    @Test func cutOffEndIsCutOffCleanly() throws {
        let server = try filled()
        let whole = try bytes(server.directory + increment)
        let next = try successor(of: server) { try append("*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nun", $0 + increment) }
        #expect(next.ask("GET k") == "$1\r\nv\r\n")
        #expect(next.log.contains("AOF loaded anyway because aof-load-truncated is enabled"))
        #expect(try bytes(next.directory + increment) == whole)
        #expect(next.ask("SET l w") == "+OK\r\n")
        end(next)
        #expect(try successor(of: next).ask("MGET k l") == "*2\r\n$1\r\nv\r\n$1\r\nw\r\n")
    }

    @Test func cutOffEndStopsTheStartWhereThatIsWanted() throws {
        let server = try filled()
        let options = ["--appendonly", "yes", "--aof-load-truncated", "no"]
        let next = try successor(of: server, options, waits: false) { try append("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nun", $0 + increment) }
        #expect(next.exits() && next.status == 1)
        #expect(next.log.contains("Unexpected end of file reading the append only file"))
    }

    @Test func damageStopsTheStartUnlessItIsALittleAtTheEnd() throws {
        let server = try filled()
        let damage = "\0\0\0\0rubbish"
        let next = try successor(of: server, waits: false) { try append(damage, $0 + increment) }
        #expect(next.exits() && next.status == 1)
        #expect(next.log.contains("Bad file format reading the append only file"))
        let strict = ["--appendonly", "yes", "--aof-load-corrupt-tail-max-size", "10"]
        let other = try successor(of: server, strict, waits: false) { try append(damage, $0 + increment) }
        #expect(other.exits() && other.status == 1)
        let lenient = ["--appendonly", "yes", "--aof-load-corrupt-tail-max-size", "11"]
        let third = try successor(of: server, lenient) { try append(damage, $0 + increment) }
        #expect(third.ask("GET k") == "$1\r\nv\r\n")
        #expect(try bytes(third.directory + increment) == bytes(server.directory + increment))
    }

    @Test func missingPartStopsTheStart() throws {
        let server = try filled()
        let next = try successor(of: server, waits: false) { try FileManager.default.removeItem(atPath: $0 + increment) }
        #expect(next.exits() && next.status == 1)
        #expect(next.log.contains("No such file or directory"))
    }

    /// Files may not grow beyond a limit: writes are refused, and nothing that was acknowledged is lost.
    @Test func fullDiskRefusesWrites() throws {
        let server = try ServerProcess(["--save", "", "--appendonly", "yes", "--logfile", "/dev/null"], fileBytes: 20_000, waits: false)
        #expect(server.waits { $0.ask("PING") == "+PONG\r\n" })
        let wire = try #require(server.connect())
        var acknowledged = 0
        let word = String(repeating: "x", count: 1000)
        for number in 1...60 {
            let reply = wire.ask("SET key:\(number) \(word)")
            guard reply == "+OK\r\n" else {
                #expect(reply.hasPrefix("-MISCONF Errors writing to the AOF file: "))
                break
            }
            acknowledged = number
        }
        #expect(acknowledged > 10 && acknowledged < 60)
        #expect(wire.ask("GET key:1").hasPrefix("$1000\r\n"))
        #expect(server.ask("INFO persistence")?.contains("aof_last_write_status:err") == true)
        end(server)
        // The last one was acknowledged ahead of the failure, and waited in memory.
        let next = try successor(of: server)
        #expect(next.ask("DBSIZE") == ":\(acknowledged - 1)\r\n")
    }

    /// Under `always` nothing is acknowledged that is not on the disk: the process ends.
    @Test func fullDiskEndsAlways() throws {
        let server = try ServerProcess(
            ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", "/dev/null"], fileBytes: 20_000, waits: false)
        #expect(server.waits { $0.ask("PING") == "+PONG\r\n" })
        let wire = try #require(server.connect())
        let word = String(repeating: "x", count: 1000)
        var acknowledged = 0
        for number in 1...60 {
            guard wire.ask("SET key:\(number) \(word)") == "+OK\r\n" else { break }
            acknowledged = number
        }
        #expect(server.exits() && server.status == 1)
        #expect(acknowledged > 10 && acknowledged < 60)
        #expect(try successor(of: server).ask("DBSIZE") == ":\(acknowledged)\r\n")
    }
}
