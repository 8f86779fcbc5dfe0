import Commands
import Engine
import TestSupport
import Testing

@Suite struct BlockingTests {
    let server = TestServer()
    let writer: TestClient
    let waiter: TestClient

    init() {
        writer = server.connect()
        waiter = server.connect()
    }

    @Test func whatIsThereIsTakenAtOnce() {
        server.recordEffects()
        writer("RPUSH", "l", "1", "2", "3", "4", "5", "6", "7", "8")
        writer("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d")
        _ = server.takeEffects()
        #expect(waiter("BLPOP", "none", "l", "0") == ["l", "1"])
        #expect(waiter("BRPOP", "l", "0") == ["l", "8"])
        #expect(waiter("BLMPOP", "0", "2", "none", "l", "RIGHT", "COUNT", "2") == ["l", ["7", "6"]])
        #expect(waiter("BLMOVE", "l", "m", "LEFT", "RIGHT", "0") == "2")
        #expect(waiter("BRPOPLPUSH", "l", "m", "0") == "5")
        #expect(waiter("BLMOVEM", "l", "m", "LEFT", "RIGHT", "0", "EXACTLY", "2", "BULK") == ["3", "4"])
        #expect(waiter("BZPOPMIN", "none", "z", "0") == ["z", "a", "1"])
        #expect(waiter("BZPOPMAX", "z", "0") == ["z", "d", "4"])
        #expect(waiter("BZMPOP", "0", "1", "z", "MIN", "COUNT", "9") == ["z", [["b", "2"], ["c", "3"]]])
        #expect(server.takeEffects() == [
            ["LPOP", "l"], ["RPOP", "l"], ["RPOP", "l", "2"], ["LMOVE", "l", "m", "LEFT", "RIGHT"], ["RPOPLPUSH", "l", "m"],
            ["LMOVEM", "l", "m", "LEFT", "RIGHT", "EXACTLY", "2", "BULK"], ["ZPOPMIN", "z"], ["ZPOPMAX", "z"],
            ["ZPOPMIN", "z", "2"],
        ])
    }

    @Test func errors() {
        writer("SET", "s", "v")
        for command in ["BLPOP s 0", "BLPOP none s 0", "BLMPOP 0 1 s LEFT", "BLMOVE s x LEFT LEFT 0", "BZPOPMIN s 0", "BZMPOP 0 1 s MIN"] {
            #expect(waiter.line(command) == wrongType)
        }
        let noFloat = Reply.error("ERR timeout is not a float or out of range")
        for word in ["x", "nan", "", " 1"] { #expect(waiter("BLPOP", "k", word) == noFloat) }
        #expect(waiter("BLPOP", "k", "-1") == .error("ERR timeout is negative"))
        #expect(waiter("BLPOP", "k", "-inf") == .error("ERR timeout is negative"))
        for word in ["inf", "1e100", "9223372036854775"] { #expect(waiter("BLPOP", "k", word) == .error("ERR timeout is out of range")) }
        #expect(waiter("BLMPOP", "x", "0", "k", "LEFT") == .error("ERR numkeys should be greater than 0"))
        #expect(waiter("BLMPOP", "x", "1", "k", "LEFT") == noFloat)
        #expect(waiter("BLMOVE", "a", "b", "UP", "LEFT", "x") == .error("ERR syntax error"))
        #expect(waiter("BLMOVEM", "a", "b", "LEFT", "LEFT", "0", "COUNT", "0", "OBO") == .error("ERR count should be greater than 0"))
        #expect(waiter("PING") == "PONG")
    }

    @Test func timeoutsInMilliseconds() {
        let other = server.connect()
        waiter("BLPOP", "k", "0.010")
        other("BLMOVE", "k", "x", "LEFT", "LEFT", "0.0041")
        server.advance(milliseconds: 4)
        server.engine.serveDeadlines()
        #expect(other.nextReply() == .none)
        server.advance(milliseconds: 1)
        server.engine.serveDeadlines()
        // Also where one element is moved, as Redis does.
        #expect(other.takeBytes() == [UInt8]("*-1\r\n"))
        #expect(server.engine.nextDeadline != nil)
        server.advance(milliseconds: 5)
        server.engine.serveDeadlines()
        #expect(waiter.takeBytes() == [UInt8]("*-1\r\n"))
        #expect(server.engine.nextDeadline == nil)
        #expect(writer("RPUSH", "k", "v") == 1)
        #expect(writer("LLEN", "k") == 1)
    }

    @Test func firstComeFirstServed() {
        let waiters = (0..<50).map { _ in server.connect() }
        for (index, client) in waiters.enumerated() { client("BLPOP", "other", "k", index % 2 == 0 ? "0" : "9") }
        waiters[1].disconnect()
        #expect(writer("INFO", "clients").text?.contains("blocked_clients:49") == true)
        for index in 0..<49 { writer("RPUSH", "k", "v\(index)") }
        let served = (0..<50).filter { $0 != 1 }
        for (index, client) in served.enumerated() { #expect(waiters[client].nextReply() == ["k", .bulk([UInt8]("v\(index)"))]) }
        #expect(server.engine.nextDeadline == nil)
        #expect(writer("INFO", "clients").text?.contains("total_blocking_keys:0") == true)
    }

    @Test func keysMadeInOtherWays() {
        let ways: [(String, [String])] = [
            ("RENAME", ["RPUSH src v", "RENAME src k"]), ("COPY", ["RPUSH src v", "COPY src k", "DEL src"]),
            ("SORT", ["RPUSH src v", "SORT src ALPHA STORE k", "DEL src"]), ("LMOVE", ["RPUSH src v", "LMOVE src k LEFT LEFT"]),
            ("MOVE", ["SELECT 1", "RPUSH k v", "MOVE k 0", "SELECT 0"]),
            ("SWAPDB", ["SELECT 1", "RPUSH k v", "SWAPDB 0 1", "SELECT 0"]),
            ("EXEC", ["MULTI", "RPUSH k v", "EXEC"]),
        ]
        for (name, commands) in ways {
            #expect(waiter("BLPOP", "k", "0") == .none)
            for command in commands { writer.line(command) }
            #expect(waiter.nextReply() == ["k", "v"], "\(name)")
            #expect(writer("DBSIZE") == 0, "\(name)")
        }
    }

    @Test func whatDoesNotServe() {
        #expect(waiter("BLPOP", "k", "j", "0") == .none)
        // Another type, gone again before the unit's end, emptied databases.
        writer("ZADD", "k", "1", "a")
        writer("SET", "j", "v")
        #expect(waiter.nextReply() == .none)
        writer("FLUSHALL")
        for command in ["MULTI", "RPUSH k v", "DEL k", "EXEC"] { writer.line(command) }
        for command in ["MULTI", "RPUSH k v", "DEL k", "ZADD k 1 a", "EXEC", "DEL k"] { writer.line(command) }
        #expect(waiter.nextReply() == .none)
        // A sorted set's waiter in front of a list's.
        let other = server.connect()
        #expect(other("BZPOPMIN", "k", "0") == .none)
        writer("RPUSH", "k", "v")
        #expect(waiter.nextReply() == ["k", "v"])
        writer("ZADD", "k", "1", "a")
        #expect(other.nextReply() == ["k", "a", "1"])
    }

    @Test func chains() {
        let second = server.connect()
        let third = server.connect()
        server.recordEffects()
        third("BLPOP", "c", "0")
        second("BLMOVE", "b", "c", "LEFT", "LEFT", "0")
        waiter("BRPOPLPUSH", "a", "b", "0")
        writer("RPUSH", "a", "v")
        #expect(waiter.nextReply() == "v")
        #expect(second.nextReply() == "v")
        #expect(third.nextReply() == ["c", "v"])
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["RPUSH", "a", "v"], ["RPOPLPUSH", "a", "b"], ["LMOVE", "b", "c", "LEFT", "LEFT"], ["LPOP", "c"],
        ])
        // A target of another type is an error when the source comes.
        writer("SET", "s", "v")
        waiter("BLMOVE", "a", "s", "LEFT", "LEFT", "0")
        writer("RPUSH", "a", "w")
        #expect(waiter.nextReply() == wrongType)
        #expect(writer("LRANGE", "a", "0", "-1") == ["w"])
        // Onto itself.
        waiter("BRPOPLPUSH", "self", "self", "0")
        writer("RPUSH", "self", "x")
        #expect(waiter.nextReply() == "x")
        #expect(writer("LLEN", "self") == 1)
    }

    @Test func asManyAsAreWanted() {
        let second = server.connect()
        waiter("BLMOVEM", "k", "t", "LEFT", "RIGHT", "0", "EXACTLY", "3", "OBO")
        second("BLMOVEM", "k", "t", "LEFT", "RIGHT", "0", "COUNT", "3", "OBO")
        #expect(writer("RPUSH", "k", "1", "2") == 2)
        #expect(waiter.nextReply() == .none)
        #expect(second.nextReply() == ["1", "2"])
        writer("RPUSH", "k", "3", "4", "5", "6")
        #expect(waiter.nextReply() == ["3", "4", "5"])
    }

    @Test func insideATransactionNothingWaits() {
        let commands = [
            "MULTI", "BLPOP k 0", "BLMOVE k x LEFT LEFT 0", "BRPOPLPUSH k x 0", "BLMPOP 0 1 k LEFT",
            "BLMOVEM k x LEFT LEFT 0", "BLMOVEM k x LEFT LEFT 0 EXACTLY 2 OBO", "BZPOPMIN k 0", "BZMPOP 0 1 k MIN",
        ]
        for command in commands { waiter.line(command) }
        _ = waiter.takeBytes()
        waiter.send(TestClient.encode([[UInt8]("EXEC")]))
        #expect(waiter.takeBytes() == [UInt8]("*8\r\n*-1\r\n$-1\r\n$-1\r\n*-1\r\n*0\r\n*-1\r\n*-1\r\n*-1\r\n"))
    }

    @Test func unblocking() {
        let number = waiter("CLIENT", "ID")
        guard case .integer(let id) = number else { return #expect(Bool(false)) }
        waiter("BLPOP", "k", "0")
        #expect(writer("CLIENT", "UNBLOCK", "\(id)") == 1)
        #expect(waiter.nextReply() == nil)
        waiter("BLPOP", "k", "0")
        #expect(writer("CLIENT", "UNBLOCK", "\(id)", "ERROR") == 1)
        #expect(waiter.nextReply() == .error("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
        #expect(writer("CLIENT", "UNBLOCK", "\(id)") == 0)
        writer("RPUSH", "k", "v")
        #expect(writer("LLEN", "k") == 1)
    }

    /// As Redis does since 7.2: the limit holds for those who were let in to wait.
    @Test func memoryThatIsShortMeanwhile() {
        waiter("BLMOVE", "source", "target", "LEFT", "LEFT", "0")
        writer("RPUSH", "other", "v")
        server.engine.context.host.memory = { MemoryReading(used: 2000, resident: 0) }
        writer("CONFIG", "SET", "maxmemory", "1000")
        #expect(writer("RENAME", "other", "source") == "OK")
        #expect(waiter.nextReply() == .error("OOM command not allowed when used memory > 'maxmemory'."))
        #expect(writer("LLEN", "source") == 1)
        // Who takes without putting elsewhere needs no memory.
        waiter("BLPOP", "none", "source", "0")
        #expect(writer("LLEN", "source") == 0)
    }
}
