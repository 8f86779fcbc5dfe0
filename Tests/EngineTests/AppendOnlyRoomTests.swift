import Engine
import Primitives
import Testing
import TestSupport

/// Room ahead in the increment of a server that syncs very often.
@Suite struct AppendOnlyRoomTests {
    private let clock = SimulatedClock()
    private let increment = "appendonlydir/appendonly.aof.1.incr.aof"

    private func started(_ disk: SimulatedDisk, policy: SyncPolicy = .always, loadsTruncated: Bool = true) -> TestServer {
        let server = TestServer(clock: clock, appendOnly: true, policy) { configuration in
            configuration.appendOnly.loadsTruncated = loadsTruncated
            configuration.appendOnly.restsWhileRewriting = true
            (configuration.appendOnly.room.fewestGroups, configuration.appendOnly.room.piece) = (8, 4096)
            configuration.appendOnly.room.largestGroup = 1000
        }
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return server
    }

    private func write(_ server: TestServer, _ numbers: ClosedRange<Int>, bytes: Int = 1) {
        let client = server.connect()
        for number in numbers {
            client.queue([[UInt8]("SET"), [UInt8]("key:\(number)"), [UInt8](repeating: 120, count: bytes)])
            for _ in 0..<4 { server.turn() }
            #expect(client.nextReply() == "OK")
        }
    }

    private func content(_ disk: SimulatedDisk) -> [UInt8] { disk.files[increment] ?? [] }

    /// Bytes of the file, and of what is in it.
    private func lengths(_ disk: SimulatedDisk) -> (file: Int, content: Int) {
        let bytes = content(disk)
        return (bytes.count, bytes.count - bytes.reversed().prefix { $0 == 35 || $0 == 10 }.count + 1)
    }

    private func groups(_ disk: SimulatedDisk) -> Int {
        String(decoding: content(disk), as: UTF8.self).split(separator: "#SUM:", omittingEmptySubsequences: false).count - 1
    }

    private func size(_ server: TestServer) -> Int? {
        server.connect()("INFO", "persistence").text?.split(separator: "\r\n").first { $0.hasPrefix("aof_current_size:") }
            .flatMap { Int($0.dropFirst("aof_current_size:".count)) }
    }

    @Test func busyServersMakeRoomAndFillIt() {
        let disk = SimulatedDisk()
        let server = started(disk)
        write(server, 1...8)
        #expect(groups(disk) == 0 && lengths(disk).file == lengths(disk).content)
        write(server, 9...200)
        #expect(groups(disk) > 150)
        #expect(lengths(disk).file > lengths(disk).content && lengths(disk).file % 64 == 0)
        // The size that is told of is that of the content.
        let base = disk.names("appendonlydir/appendonly.aof.1.base").first.flatMap { disk.files[$0]?.count } ?? 0
        #expect(size(server) == lengths(disk).content + base)
        let next = started(SimulatedDisk(disk.files))
        #expect(next.connect()("DBSIZE") == 200)
    }

    @Test func roomGoesWhenNobodyWrites() {
        let disk = SimulatedDisk()
        let server = started(disk)
        write(server, 1...20)
        let length = lengths(disk)
        #expect(length.file > length.content)
        clock.advance(milliseconds: 1100)
        server.cycle()
        #expect(content(disk).count == length.content)
        write(server, 21...40)
        #expect(started(SimulatedDisk(disk.files)).connect()("DBSIZE") == 40)
    }

    @Test(arguments: ["CONFIG SET appendfsync everysec", "BGREWRITEAOF", "BGSAVE", "DEBUG RELOAD", "BIG"])
    func roomGoesWhenItIsInTheWay(reason: String) {
        let disk = SimulatedDisk()
        let server = started(disk)
        write(server, 1...20)
        let length = lengths(disk)
        #expect(length.file > length.content)
        let client = server.connect()
        switch reason {
        case "BIG": write(server, 21...21, bytes: 5000)
        default:
            client.queue(reason.split(separator: " ").map { [UInt8](String($0)) })
            for _ in 0..<4 { server.turn() }
            client.queue([[UInt8]("SET"), [UInt8]("key:21"), [UInt8]("v")])
            for _ in 0..<4 { server.turn() }
        }
        let isInRoom = reason == "DEBUG RELOAD"
        #expect((lengths(disk).file > lengths(disk).content) == isInRoom)
        guard reason != "BGREWRITEAOF" else { return }
        #expect(started(SimulatedDisk(disk.files)).connect()("DBSIZE") == 21)
    }

    @Test func othersMakeNone() {
        for policy in [SyncPolicy.everysec, .no] {
            let disk = SimulatedDisk()
            let server = started(disk, policy: policy)
            write(server, 1...100)
            clock.advance(milliseconds: 1100)
            server.cycle()
            for _ in 0..<3 { server.turn() }
            #expect(groups(disk) == 0 && content(disk).count == lengths(disk).content && content(disk).count > 1000)
        }
    }

    @Test func diskWithoutRoom() {
        let disk = SimulatedDisk()
        let server = started(disk)
        write(server, 1...5)
        disk.room = 2000
        write(server, 6...30)
        #expect(groups(disk) == 0 && disk.room > 0)
        disk.room = .max
        write(server, 31...60)
        #expect(groups(disk) > 0)
        #expect(started(SimulatedDisk(disk.files)).connect()("DBSIZE") == 60)
    }

    // MARK: After a crash

    /// Damages the file of a server that has written twenty keys, each in a group from the tenth on.
    private func damaged(_ change: (inout [UInt8], _ lastGroup: Int, _ end: Int) -> Void) -> SimulatedDisk {
        let disk = SimulatedDisk()
        write(started(disk), 1...20)
        var files = disk.files
        var bytes = content(disk)
        let group = (0..<bytes.count - 4).last { bytes[$0..<$0 + 5].elementsEqual("#SUM:".utf8) } ?? 0
        change(&bytes, group, lengths(disk).content)
        files[increment] = bytes
        return SimulatedDisk(files)
    }

    private func failure(_ disk: SimulatedDisk, loadsTruncated: Bool = true) -> String? {
        TestServer { configuration in
            configuration.appendOnly.isEnabled = true
            configuration.appendOnly.loadsTruncated = loadsTruncated
        }.startAppendOnlyFile(on: disk)
    }

    @Test func tornGroupsAreCutOff() {
        let bytesOfTheLast = damaged { _, _, _ in }
        #expect(started(bytesOfTheLast).connect()("DBSIZE") == 20)
        // Any part of the last group, its line included, is as it was before.
        for start in 5..<50 {
            let disk = damaged { bytes, group, end in
                for place in group + start..<min(end, group + start + 9) { bytes[place] = place % 64 == 63 ? 10 : 35 }
            }
            let server = started(disk)
            #expect(server.connect()("DBSIZE") == 19, "from byte \(start) of the group on")
            write(server, 20...30)
            #expect(started(SimulatedDisk(disk.files)).connect()("DBSIZE") == 30)
        }
        let cut = damaged { bytes, group, _ in bytes.removeLast(bytes.count - group - 40) }
        #expect(failure(cut, loadsTruncated: false)?.hasPrefix("Unexpected end of file reading the append only file") == true)
        #expect(failure(cut) == nil)
    }

    @Test func damageAheadOfOtherGroupsIsRefused() {
        for change in 0..<3 {
            let disk = damaged { bytes, group, _ in
                let first = (0..<bytes.count).first { bytes[$0..<$0 + 5].elementsEqual("#SUM:".utf8) } ?? 0
                switch change {
                case 0: bytes[first + 45] ^= 1
                case 1: bytes[first + 7] = 120
                default: bytes.removeSubrange(first..<first + 3)
                }
            }
            #expect(failure(disk)?.hasPrefix("Bad file format reading the append only file") == true, "change \(change)")
        }
    }

    private static let select = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
    private static let set = "*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$1\r\nv\r\n"

    /// Another server, which knows nothing of groups, has gone on behind the room, perhaps with a transaction.
    @Test(arguments: [select + set, "*1\r\n$5\r\nMULTI\r\n" + select + set + "*1\r\n$4\r\nEXEC\r\n"])
    func commandsBehindTheRoom(commands: String) {
        let disk = damaged { bytes, _, _ in bytes += [UInt8](commands.utf8) }
        let server = started(disk)
        #expect(server.connect()("DBSIZE") == 21)
        write(server, 21...40)
        #expect(started(SimulatedDisk(disk.files)).connect()("DBSIZE") == 41)
    }

    /// Of the last group only the line came to the disk, and another server has gone on.
    @Test func commandsBehindALostGroup() {
        let disk = damaged { bytes, group, end in
            let start = (group..<end).first { bytes[$0] == 10 } ?? end
            for place in start + 1..<end { bytes[place] = place % 64 == 63 ? 10 : 35 }
            bytes += [UInt8]((Self.select + Self.set).utf8)
        }
        let server = started(disk)
        #expect(server.connect()("DBSIZE") == 20)
        #expect(server.connect()("GET", "other") == "v")
    }

    /// Transactions without a database are the rest of a group whose beginning is lost.
    @Test func transactionsBehindTheRoomSelect() {
        let disk = damaged { bytes, _, _ in
            bytes.removeLast(128)
            bytes += [UInt8](("*1\r\n$5\r\nMULTI\r\n" + Self.set + "*1\r\n$4\r\nEXEC\r\n").utf8)
            bytes += [UInt8](repeating: 35, count: 63 - bytes.count % 64) + [10]
        }
        let server = started(disk)
        #expect(server.connect()("DBSIZE") == 20)
        #expect(server.connect()("GET", "other") == .null)
    }

    /// The file's length came to the disk ahead of the room, of which sectors are missing.
    @Test func roomThatIsNotOnTheDisk() {
        let disk = damaged { bytes, _, end in for place in end..<min(bytes.count, end + 700) { bytes[place] = 0 } }
        #expect(started(disk).connect()("DBSIZE") == 20)
        let zeros = damaged { bytes, _, end in for place in end..<bytes.count { bytes[place] = 0 } }
        #expect(failure(zeros)?.hasPrefix("Bad file format") == true)
    }
}
